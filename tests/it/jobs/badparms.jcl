//BADPARMS JOB CLASS=A
//ONE      EXEC PGM=BPXBATCH,PARM=('xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
//             'yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy',
//             'zzzzzzzzzzzzzzzzzzzz')
//TWO      EXEC PGM=BPXBATCH,PARM='A',PARMDD=LINES
//LINES    DD  DUMMY
//THREE    EXEC PGM=TOOLONGNAM
//FOUR     EXEC PGM=A-B
//FIVE     EXEC PROC=1PROC
//SIX      EXEC PGM=IEFBR14,COND=(4,LESS),TIME=X
//SEVEN    EXEC PGM=IEFBR14,COND=(4,LT,NOSTEP)
//EIGHT    EXEC PGM=IEFBR14,PARMDD=NODD
//         IF NINE.RC = 0 & ONE.RC >> 4 THEN
//NINE     EXEC PGM=IEFBR14
