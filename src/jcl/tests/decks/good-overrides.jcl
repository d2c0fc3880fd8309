//OVER     JOB
//         JCLLIB ORDER=MY.PROCLIB
//GO       EXEC MOVE,PARM.GET='new',COND.PUT=(0,NE,GET),TIME.PUT=(,30)
//GET.IN   DD DSN=OTHER.IN                      DISP stays
//GET.OUT  DD SYSOUT=B                          instead of a data set
//GET.CAT  DD DSN=CAT.ONE
//         DD
//         DD DSN=CAT.THREE
//         DD DSN=CAT.FOUR,DISP=SHR
//GET.NEW  DD *
an addition
/*
//PUT.IN   DD DUMMY
//OUT      DD DCB=(LRECL=133),SPACE=,UNIT=DISK  the same step as before
//PUT.LOG  DD DCB=
//PUT.OFF  DD DSN=ON.AGAIN,DISP=SHR
//PLAIN    EXEC MOVE,PARM='first only',REGION=8M
//EXTRA    DD SYSOUT=*                          goes to the first step
//NULL     EXEC MOVE,PARM.PUT=,COND=EVEN
