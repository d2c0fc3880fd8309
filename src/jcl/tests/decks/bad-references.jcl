//REFS     JOB
//S1       EXEC PGM=P
//A        DD DSN=*.B,DISP=SHR
//B        DD DSN=X,DISP=SHR
//C        DD SYSOUT=*
//D        DD DSN=*.C,DISP=SHR
//E        DD DSN=*.S2.A,DISP=SHR
//F        DD DSN=*.S1.A.B.C,DISP=SHR
//G        DD DSN=G,DCB=*.NONE
//H        DD DSN=H,DCB=MODEL.DSCB
//I        DD DDNAME=B
//S2       EXEC PGM=P
//A        DD DSN=*.S1.NONE,DISP=SHR
//B        DD DSN=*.S1.P1.A,DISP=SHR
//C        DD DSN=*.S1.A,DISP=SHR
