module culprit

go 1.25
