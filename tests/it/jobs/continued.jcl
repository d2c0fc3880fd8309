//CONTIN   JOB (1),                                                     00010000
//             CLASS=A,       columns 4 to 16                           00020000
//* a comment in between                                                00030000
//   MSGCLASS=B                                                         00040000
//ECHO     EXEC PGM=BPXBATCH,
//             PARM='SH echo "this string ends in blanks in column 71:         
//             it''s continued in column 16"'
//STDOUT   DD  SYSOUT=*,      the comma continues
//             HOLD=YES
//EXTRA    DD  DUMMY          comments go on                           X
//  if column 72 is not blank
//BOTH     DD  DSN=TEST.BOTH,   both marked: the comma counts          X
//             DISP=(NEW,DELETE)
//*
/*
//
//NEVER    EXEC PGM=NOSUCH   behind the null statement
