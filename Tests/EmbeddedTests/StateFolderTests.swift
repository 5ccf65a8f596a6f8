import Testing
@Suite struct StateFolderTests {}
