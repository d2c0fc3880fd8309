//HELLO    JOB (ACCT),'FIRST JOB',CLASS=A,MSGCLASS=H
//* Output of two steps, standard error in its own data set and not.
//ONE      EXEC PGM=BPXBATCH,PARM='SH echo one; echo two >&2'
//STDOUT   DD  SYSOUT=*
//STDERR   DD  SYSOUT=X
//TWO      EXEC PGM=BPXBATCH,PARM='SH echo $ZOXY_JOB $ZOXY_STEP >&2'
//STDOUT   DD  SYSOUT=*
//THREE    EXEC PGM=BPXBATSL,PARM='PGM /bin/echo no DD takes this'
//FOUR     EXEC PGM=IEFBR14
