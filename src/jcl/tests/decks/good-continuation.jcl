//CONT     JOB (1),                                                     00010000
//             CLASS=A,       columns 4 to 16                           00020000
//* a comment in between                                                00030000
//   MSGCLASS=B                                                         00040000
//STEP1    EXEC PGM=PROG,
//             PARM='this string runs to column 71, blanks and all:        
//             it''s continued in column 16'
//DD1      DD DSN=A.B,        the comma continues
//            DISP=SHR        and this is a comment
//DD2      DD DSN=C.D,DISP=SHR   comments go on behind column 71       X
//  if column 72 is not blank
//DD3      DD DSN=E.F,           both marked: the comma counts         X
//            DISP=SHR
//DD4      DD DSN=G.H,
//*
//* comments
//*
//            DISP=SHR
