//WARN     JOB
// SET TXT='TWO WORDS'
//S1       EXEC PGM=P,PARM='&NOTHING here'
//A        DD DSN=&TEMP,DISP=(,PASS)
//B        DD DSN=B,DISP=SHR    this comment is continued              X
//         DD DSN=SWALLOWED,DISP=SHR
//C        DD DDNAME=NOBODY
//D        DD DDNAME=D
//S1       EXEC PGM=P,PARM=&TXT,TIME=1
//E        DD DATA
up to the end
