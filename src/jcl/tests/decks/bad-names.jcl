//1JOB     JOB
//TOOLONGNAME EXEC PGM=P
//A-B      DD DSN=A,DISP=SHR
//lower    DD DSN=A,DISP=SHR
//A        DD DSN=A,DISP=SHR
//A        DD DSN=B,DISP=SHR
//         DD DSN=C,DISP=SHR
//A.B.C    DD DSN=A,DISP=SHR
//S.A      DD DSN=A,DISP=SHR
//S2       EXEC PGM=TOOLONGPGM
//S3       EXEC 9PROC
//S4       EXEC PGM=P
// SET LONGSYMBOL=1,1SYM=2,LOWER='ok'
// SET lower=1
//P        PROC
//S5       EXEC PGM=P
//         PEND
//P        PROC
//S5       EXEC PGM=P
//         PEND
//         PROC
//         PEND
