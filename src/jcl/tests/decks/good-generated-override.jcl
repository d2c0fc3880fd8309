//GEN      JOB
//         JCLLIB ORDER=(MY.PROCLIB)
//S1       EXEC MOVE
loose data goes to the first step
