"""`python -m destination_duckdb` is `destination-duckdb`."""

from destination_duckdb.run import main

if __name__ == "__main__":
    main()
