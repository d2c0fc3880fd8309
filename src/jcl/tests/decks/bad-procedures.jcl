//PROCS    JOB
//P1       PROC
//S1       EXEC PGM=P
//P2       PROC
//S1       EXEC PGM=P
//         PEND
//*
//A        EXEC P1
//B        EXEC HASJOB
//C        EXEC PGM=P
//P3       PROC X=1
//S1       EXEC PGM=&X,COND=(4,LT,NOSTEP)
//         IF RC=0 THEN
//S2       EXEC PGM=P
//DD1      DD DSN=&Y,DISP=(X)
//         PEND
//D        EXEC P3
//E        EXEC P3,X=TWO
//P4       PROC
//S1       EXEC PGM=P
