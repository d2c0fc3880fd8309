//CONT     JOB
//S1       EXEC PGM=P,
//A        DD DSN=A,
//                     DISP=SHR
//S2       EXEC PGM=P,PARM='nobody closes this
//B        DD DSN=B,DISP=SHR
//S3       EXEC PGM=P,PARM='xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
//         too early'
//S4       EXEC PGM=P,PARM='xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'
//             'second half'
//S5       EXEC PGM=P,PARM=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'
//             x'
//C        DD DSN=C,
