"""Reference libraries in HDF5 and the file formats spectra come in."""
