//IFS      JOB
//S1       EXEC PGM=P
//         IF RC = 0
//S2       EXEC PGM=P
//         ENDIF
//         IF RC == 0 THEN
//         ELSE
//         ELSE
//         ENDIF
//         IF S9.RC = 0 OR S1.P1.RC = 0 THEN
//         ENDIF
//         IF RC = 9999 THEN
//         ENDIF
//         IF S1.COLOR = 1 THEN
//         ENDIF
//         IF THEN
//         ENDIF
//         IF (RC = 0 THEN
//         ENDIF
//         IF ABENDCC = X0C4 THEN
//         ENDIF
//         IF ABEND = MAYBE THEN
//         ENDIF
//         ENDIF
//         ELSE
//         IF RC = 0 THEN
//S3       EXEC PGM=P
//         DD DSN=X
//         ELSE
//A        DD DSN=Y
