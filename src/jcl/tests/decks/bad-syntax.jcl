//SYN      JOB (1,'X',CLASS=A
//S1       EXEC PGM=P,COND=(4,LT))
//A        DD DSN=A,DISP=(NEW,CATLG
//B        DD DSN=B(C,DISP=SHR
//C        DD DISP=SHR,DUMMY
//D        DD DSN=D,DCB=(RECFM=FB,LRECL=80)X
//E        DD DSN=E,,DISP=SHR
//F        DD ,DSN=F
//G        DD DCB=(A.B,C.D),DSN=G
//         SET
//         SET X
//         INCLUDE
//         INCLUDE PDS=X
//         COMMAND D STATUS
//         COMMAND
//         EXPORT SYMLIST=A+B
