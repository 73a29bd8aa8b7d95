module barker.example/barker

go 1.19
