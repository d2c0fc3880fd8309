//DATA     JOB
//S1       EXEC PGM=PROG
//A        DD *
ends at the next statement
  with blanks before          
//B        DD *
ends at a delimiter
/*
//C        DD DATA
//THIS     IS DATA
/*
//D        DD DATA,DLM=@@
//AND      THIS
/* this as well
@@
//E        DD *,DLM='&&/'
/* no delimiter
//F        DD *
columns 73-80 are data as well: a card has 80 columns, and they are 00000080
/*
//G        DD *,DLM=$$
//H        DD DATA,DLM=''''''
it''s
''
//S2       EXEC PGM=PROG
//A        DD DUMMY
data that no DD statement announces
/*
//S3       EXEC PGM=PROG
and this up to the end
