//ENVIRON  JOB CLASS=A
//GOOD     EXEC PGM=BPXBATCH
//STDENV   DD  *
WHO=BPXBATCH
GREETING=hello, world
/*
//STDPARM  DD  *
SH echo "$GREETING"
from $WHO;
set | grep '^DD_[A-Z]*=' | sed 's/=.*//'
/*
//STDOUT   DD  SYSOUT=*
//SCRIPT   EXEC PGM=BPXBATCH
//STDIN    DD  *
echo a script on standard input
exit 3
/*
//STDOUT   DD  SYSOUT=*
//BADENV   EXEC PGM=BPXBATCH,PARM='SH echo never'
//STDENV   DD  *
NO VARIABLE
/*
//BADPARM  EXEC PGM=BPXBATCH,PARM='LS -L'
//NOPGM    EXEC PGM=BPXBATCH,PARM='PGM /nonexistent/program'
//SIGNAL   EXEC PGM=BPXBATCH,PARM='SH kill -9 $$'
