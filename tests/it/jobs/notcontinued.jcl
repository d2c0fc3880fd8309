//NOTCONT  JOB CLASS=A
//COL3     EXEC PGM=IEFBR14,
//X            PARM='a name in column 3 begins a statement'
//COL17    EXEC PGM=IEFBR14,
//              PARM='column 17'
//COMMA    EXEC PGM=IEFBR14
//             PARM='no comma before'
//OPEN     EXEC PGM=IEFBR14,PARM='nobody closes this
//DD1      DD  DUMMY
//EARLY    EXEC PGM=IEFBR14,PARM='to column 71xxxxxxxxxxxxxxxxxxxxxxxxx
//         too early'
//APOST    EXEC PGM=IEFBR14,PARM='xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'
//             'second half'
//LAST     EXEC PGM=IEFBR14,
