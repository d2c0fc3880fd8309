//PDATA    JOB
//         JCLLIB ORDER=(MY.PROCLIB)
//S1       EXEC WITHDATA,HOST='a.example'
//S2       EXEC WITHDATA,HOST='b.example'
//PS1.SYSIN DD *
override
/*
