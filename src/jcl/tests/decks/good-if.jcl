//IFS      JOB
//         JCLLIB ORDER=MY.PROCLIB
//S1       EXEC PGM=P
//CHECK    IF (S1.RC = 0) THEN
//S2       EXEC PGM=P
//INNER    IF RC LE 4 & NOT ABEND THEN  both
//S3       EXEC PGM=P
//         ELSE
//S4       EXEC PGM=P
//         ENDIF
//         ELSE  otherwise
//S5       EXEC NESTED
//         IF S5.FIRST.RC > 4 |
//             (S5.RUN AND
//             ABENDCC=S0C4) THEN
//S6       EXEC PGM=P
//         ENDIF
//         ENDIF CHECK
//         IF S1.ABEND = FALSE OR ABENDCC NE U0016 OR S1.RUN=TRUE OR
//         RC GE 1 OR RC ¬< 2 OR RC NG 3 OR RC >= 4 OR RC ^= 5 THEN
//S7       EXEC PGM=P
//         ENDIF
