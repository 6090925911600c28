"""`python main.py spec|check|discover|read|catalog`: the source connector, nothing else."""

from source_mixpanel_parallel.run import main

if __name__ == "__main__":
    main()
