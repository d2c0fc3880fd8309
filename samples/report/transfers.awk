# Transfers in a log of zoxy (ZOX4521I), by user, as SORT and ICETOOL would count them:
#
#     awk -f transfers.awk LOG...
#
# or one line for each, its fields apart by tabs, for a database (see transfers.sql):
#
#     awk -v tsv=1 -f transfers.awk LOG...
#
# The fields behind ZOX4521I, apart by one blank: #id client started command UP|DOWN type result
# reply bytes seconds user SSH-server FTP-server, and to the end of the line the file's name.

{
    for (at = 1; at <= NF && $at != "ZOX4521I"; at++) ;
    if (at + 14 > NF) next

    # The name may hold blanks: it is what is left behind 13 fields.
    name = substr($0, index($0, "ZOX4521I ") + 9)
    for (field = 1; field <= 13; field++) sub(/^[^ ]* /, "", name)

    result = $(at + 7); bytes = $(at + 9); seconds = $(at + 10); user = $(at + 11)
    if (tsv) {
        line = substr($(at + 1), 2)
        for (field = 2; field <= 13; field++) line = line "\t" $(at + field)
        print line "\t" name
        next
    }
    count[user]++
    moved[user] += bytes
    took[user] += seconds
    if (result != "COMPLETE") missed[user]++
}

END {
    if (tsv) exit
    printf "%-20s %9s %9s %18s %12s\n", "USER", "TRANSFERS", "NOT DONE", "BYTES", "SECONDS"
    for (user in count)
        printf "%-20s %9d %9d %18.0f %12.3f\n", \
            user, count[user], missed[user], moved[user], took[user] | "sort"
}
