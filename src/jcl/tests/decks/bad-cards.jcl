//CARDS    JOB
//S1       EXEC PGM=P
//A        DD	DSN=A,DISP=SHR
//B        DD DSN=B,DISP=SHR                                                    toolong
//C        DD DSN=C,DISP=SHR
//D        DD DSN=D,DISP=SHR
//E        DD *
a tab	here is data
/*
//F        DD DISP=BOTH
