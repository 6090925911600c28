"""What the manifest can't say in YAML: each custom component, and which limit of the CDK (7.39) it answers.

http/
    AnswerErrorHandler   a 429 names the quota that is used up, and an error's text tells one refusal from another
    StreamBudget         a budget that waits without a time limit, ends when the sync is stopped, and is shared by
                         composed and plain streams
events/
    ExportRetriever      an answer is emitted once it is whole; a declarative retriever yields records as they arrive
    FinishedRangesCursor the state holds ranges of finished days; the CDK's cursors keep one date
    NoRequests, NoSlices a stream whose records come up while another is read
profiles/
    EngageRetriever      pages are read in parallel; a declarative paginator finds the next page in the last one
    PageCursor           the state holds the finished pages of a session; see FinishedRangesCursor

`FinishedRangesCursor`, `NoSlices` and `PageCursor` are declared as partition routers, because the manifest's schema has
no place for a custom cursor, and are given to the CDK by `stream_composer.py`.
"""
