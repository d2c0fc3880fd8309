//TIMEOUT  JOB CLASS=A
//FAST     EXEC PGM=IEFBR14,TIME=(0,1)
//LOOP     EXEC PGM=BPXBATCH,TIME=(0,1),
//             PARM='SH (while :; do :; done) & wait'
//STDOUT   DD  SYSOUT=*
