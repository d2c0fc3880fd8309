//BADDATA  JOB CLASS=A
//ONE      EXEC PGM=IEFBR14
//A        DD  DSN=TEST.A,DISP=SHR,DLM=XX
//B        DD  SYSOUT=*,DLM=XX
//C        DD  *,DLM=ABC
//D        DD  *,DSP=SHR,DLM=@@
an error before DLM: the usual delimiters hold
/*
@@ is data of SYSIN by now
/*
//E        DD  DATA,DLM=''
//F        DD  DUMMY
/*
