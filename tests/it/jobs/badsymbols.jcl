//BADSYMS  JOB CLASS=A
//         SET TOOLONGAN=X
//         SET X='xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'
//         SET Y=&X&X&X&X&X
//         SET Z=&Y&X
//ONE      EXEC PGM=IEFBR14,PARM='&X(1:2)'
//TWO      EXEC PGM=&NOBODY
//&X       EXEC PGM=IEFBR14
//FOUR     &X PGM=IEFBR14
//FIVE     EXEC PGM=IEFBR14,PARM='xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx&N
//             AME'
//SAY      PROC
//ECHO     EXEC PGM=IEFBR14
//         PEND
//SIX      EXEC SAY,UNUSED=X
