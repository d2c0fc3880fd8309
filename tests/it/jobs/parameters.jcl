//PARMS    JOB CLASS=A
//HUNDRED  EXEC PGM=BPXBATCH,PARM=('SH echo xxxxxxxxxxxxxxxxxxxx',
//             'yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy',
//             'zzzzzzzzzzzzzzzzzzzz')
//STDOUT   DD  SYSOUT=*
//LIST     EXEC PGM=LISTS,PARM=(A,'B C',D)
//STDOUT   DD  SYSOUT=*
//INDECK   EXEC PGM=BPXBATCH,PARMDD=LINES
//LINES    DD  *
SH echo a parameter from                                                00000100
two lines
//STDOUT   DD  SYSOUT=*
//WRITE    EXEC PGM=IEBGENER
//SYSUT1   DD  *
SH echo from a data set of variable records
//SYSUT2   DD  DSN=TEST.PARMS,DISP=(NEW,CATLG),RECFM=VB,LRECL=84
//READ     EXEC PGM=BPXBATCH,PARMDD=LINES
//LINES    DD  DSN=TEST.PARMS,DISP=SHR
//STDOUT   DD  SYSOUT=*
//UNDEF    EXEC PGM=IEBGENER
//SYSUT1   DD  DSN=TEST.PARMS,DISP=(OLD,DELETE)
//SYSUT2   DD  DSN=TEST.PARMU,DISP=(NEW,CATLG),RECFM=U,BLKSIZE=80
//REFUSED  EXEC PGM=BPXBATCH,PARMDD=LINES,COND=EVEN
//LINES    DD  DSN=TEST.PARMU,DISP=(OLD,DELETE,DELETE)
//STDOUT   DD  SYSOUT=*
