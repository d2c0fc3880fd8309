//SYMS     JOB
// SET HLQ=PROD,MEM=DAILY,NONE=,TXT='IT IS',Q='''A B'''
// SET NAME=&HLQ..&MEM        a symbol made of symbols
//S1       EXEC PGM=&MEM,PARM='&TXT &HLQ..&MEM &&MEM &SYSNAME(1:2)'
//A        DD DSN=&HLQ..DATA(&MEM),DISP=SHR
//B        DD DSN=&HLQ.DATA,DISP=SHR
//C        DD DSN=&SYSUID..&NONE.JCL,DISP=SHR
//D        DD DSN=X&NONE..Y,DISP=SHR
//E        DD PATH='/u/&HLQ/&MEM..txt',PATHOPTS=ORDONLY
//F        DD DSN=&&HLQ,DISP=(NEW,PASS)
//G        DD DSN=&NAME..X,DISP=SHR
//H        DD DSN=&SYSNAME(2:3).X.&SYSCLONE,DISP=SHR
//I        DD DSN=&SYSNAME(&MEM),DISP=SHR
// SET SYSNAME=MINE,HLQ=TEST
//S2       EXEC PGM=PROG,PARM=&Q
//A        DD DSN=&HLQ..&SYSNAME,DISP=SHR    hides the system symbol
//B        DD DSN=&SYSJOBNM..&JOBNAME,DISP=SHR
//*        &NOTHING in a comment is no symbol
