//ONE      JOB
//S1       EXEC PGM=P
//
this belongs to no job
//TWO      JOB
//S1       EXEC PGM=Q
//THREE    JOB
//S1       EXEC PGM=R
//*        the end
