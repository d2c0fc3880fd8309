//CMDS     JOB CLASS=1
//         COMMAND 'F ZOXY,REFRESH'
//C1       COMMAND 'D CONNS,USER=''IBMUSER'''   with a comment
// F ZOXY,LOG='DEBUG ALL' a comment
// D STATUS
//S1       EXEC PGM=P
//         COMMAND 'P ZOXY'
