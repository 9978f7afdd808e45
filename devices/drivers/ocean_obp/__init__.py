"""Ocean Binary Protocol: QE Pro, STS, Spark, Ventana and HDX, over USB and RS-232."""
