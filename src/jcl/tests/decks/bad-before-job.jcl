loose data
//LATE     JOB
//S1       EXEC PGM=P
