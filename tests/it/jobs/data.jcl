//DATA     JOB CLASS=A
//STAR     EXEC PGM=BPXBATCH,
//             PARM='SH cat $DD_A $DD_B $DD_C $DD_D $DD_E'
//A        DD  *
DD * ends at a statement
//B        DD  *
DD * ends at a delimiter
/*
//C        DD  DATA
//IS       DATA
/*
//D        DD  DATA,DLM=@@
//DD       DATA,DLM= ends at its own only
/* not here
@@
//E        DD  *,DLM=$$
/* not here, but at the next statement
//STDOUT   DD  SYSOUT=*
//NONE     EXEC PGM=BPXBATCH,PARM='SH cat $DD_SYSIN'
data without a DD statement is SYSIN
/*
//STDOUT   DD  SYSOUT=*
//BLANKS   EXEC PGM=BPXBATCH,PARM='SH printf "<%s>" "$A"'
//STDENV   DD  *
A=blanks at the end of a record do not count                            
/*
//STDOUT   DD  SYSOUT=*
