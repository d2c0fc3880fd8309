//ALL      JOB CLASS=,MSGCLASS=!!
//S1       EXEC PGM=
//IN       DD DSN=A.B.,DISP=SHARE
//OUT      DD SYSOUT=?
//S2       EXEC PGM=P,COND=(4,LT,S3)
//         IF RC THEN
//S3       EXEC NOPROC
//X.Y      DD DSN=A
//         ENDIF
//S4       EXEC PGM=P,PARM='&X
//A        DD DSN=&X
