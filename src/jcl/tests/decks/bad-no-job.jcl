//S1       EXEC PGM=P
//A        DD *
data
/*
