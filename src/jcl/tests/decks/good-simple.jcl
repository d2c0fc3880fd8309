//COPY     JOB (1234,'ROOM 5'),'J. DOE',CLASS=A,MSGCLASS=X,
//             NOTIFY=&SYSUID
//*
//* Sends a data set and says so.
//*
//SEND     EXEC PGM=ZOXYFTP,PARM='put',REGION=4M     the only step
//STEPLIB  DD DSN=ZOXY.LOAD,DISP=SHR
//INPUT    DD DSN=PROD.PAPER(DAILY),DISP=SHR
//OUTPUT   DD DSN=PROD.PAPER.SENT,DISP=(NEW,CATLG,DELETE),
//            SPACE=(TRK,(5,5)),UNIT=SYSDA,
//            DCB=(RECFM=FB,LRECL=80,BLKSIZE=0)
//SYSPRINT DD SYSOUT=*
//SYSIN    DD *
HOST ftp.example.com
PUT //DD:INPUT paper.txt
/*
//
