"""The officer's screen: one parcel, one scan, one verdict, filed in three actions."""
