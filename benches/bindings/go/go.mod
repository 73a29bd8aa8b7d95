module barker.example/barker/benches

go 1.19

require barker.example/barker v0.1.0

replace barker.example/barker => ../../../bindings/go
