//NOSTEP   JOB
//A        DD DSN=A,DISP=SHR
data before any step
//NOSTEPS  PROC
//         SET A=1
//         PEND
//*
//S1       EXEC NOSTEPS
