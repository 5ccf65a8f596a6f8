import Foundation
import Support

/// What git, libyaml and Postgres need for the same files and rows with nothing of ours.
struct CatalogFloor {
    private let stack: Stack
    private let parser: String
    private var copy: String { "\(stack.folder.path)/copy" }
    private var clone: String { "\(stack.folder.path)/clone" }
    private var rows: String { "\(stack.folder.path)/rows" }

    /// Builds the program that parses with libyaml, and does nothing with it yet.
    init(_ stack: Stack) async throws {
        self.stack = stack
        parser = "\(stack.folder.path)/parse"
        try await output(
            of: "/usr/bin/env",
            ["cc", "-O2", "-x", "c", "-", "-o", parser, "-lyaml"],
            input: parserSource
        )
    }

    /// `git fetch` of everything into an empty repository.
    func fetchAll() async throws -> Duration {
        try await stack.git("init", "-q", "--bare", "-b", "main", copy)
        return try await timed { try await fetch() }
    }

    /// `git fetch` when there is nothing new.
    func fetchNothing() async throws -> [Duration] {
        var times: [Duration] = []
        for _ in 0..<10 { times.append(try await timed { try await fetch() }) }
        return times
    }

    /// The events of all files through libyaml, in one process.
    func parseAll() async throws -> Duration {
        let list = try await stack.git(["ls-files", "*.yaml"], in: nil)
        let text = try await output(of: parser, [], directory: stack.configuration, input: list)
        guard let seconds = Double(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw BenchmarkError("the parser told no time: \(text)")
        }
        return .seconds(seconds)
    }

    /// Writes the rows of the catalog into a file, for `copyAll`.
    func measureRows() async throws {
        try await stack.database.run(
            """
            \\copy (SELECT * FROM objects WHERE source = 'main') TO '\(rows)'
            \\copy (SELECT * FROM objects WHERE source = 'main' LIMIT 1) TO '\(rows)-1'
            CREATE TABLE public.bare_objects (LIKE objects INCLUDING ALL);
            """
        )
    }

    /// One COPY of all rows into a table of the same form.
    func copyAll() async throws -> Duration {
        try await stack.database.times(
            of: ["\\copy public.bare_objects FROM '\(rows)'"],
            repeated: 1,
            pause: .zero
        ).reduce(.zero, +)
    }

    /// Makes commits of one file each, one after the other, that no branch of the configuration leads to.
    func prepare(_ count: Int, edit: (Int, String) throws -> Void) async throws {
        try await stack.git("clone", "-q", stack.configuration, clone)
        try await stack.git("config", "gc.auto", "0", in: clone)
        for number in 0..<count {
            try edit(number, clone)
            try await stack.git("commit", "-q", "-a", "-m", "Edit \(number)", in: clone)
            try await stack.git("update-ref", "refs/prepared/\(number)", "HEAD", in: clone)
        }
        try await stack.git("fetch", "-q", clone, "refs/prepared/*:refs/prepared/*")
    }

    /// Moves the branch of a repository to a commit that was prepared.
    static func move(_ stack: Stack, _ number: Int, in repository: String) async throws {
        try await stack.git("update-ref", "refs/heads/main", "refs/prepared/\(number)", in: repository)
    }

    /// A branch that nobody watches moves to a commit of one file; a fetch of it, and one COPY of a row.
    func commits(_ count: Int) async throws -> [Duration] {
        var times: [Duration] = []
        for number in 0..<count {
            times.append(
                try await timed {
                    try await Self.move(stack, number, in: clone)
                    try await stack.git("fetch", "-q", clone, "+main:main", in: copy)
                }
            )
        }
        let copies = try await stack.database.times(
            of: [
                "TRUNCATE public.bare_objects", "\\copy public.bare_objects FROM '\(rows)-1'",
            ],
            repeated: count,
            pause: .milliseconds(5)
        )
        return zip(times, copies).map(+)
    }

    private func fetch() async throws {
        try await stack.git("fetch", "-q", stack.configuration, "+main:main", in: copy)
    }
}

/// Reads the files that standard input names, then takes the time of libyaml alone.
private let parserSource = """
    #include <stdio.h>
    #include <stdlib.h>
    #include <string.h>
    #include <time.h>
    #include <yaml.h>

    int main(void) {
        static char path[4096];
        double total = 0;
        while (fgets(path, sizeof path, stdin)) {
            path[strcspn(path, "\\n")] = 0;
            FILE *file = fopen(path, "rb");
            if (!file) return 1;
            fseek(file, 0, SEEK_END);
            size_t size = ftell(file);
            rewind(file);
            unsigned char *bytes = malloc(size);
            if (fread(bytes, 1, size, file) != size) return 1;
            fclose(file);
            struct timespec start, end;
            clock_gettime(CLOCK_MONOTONIC, &start);
            yaml_parser_t parser;
            yaml_event_t event;
            yaml_parser_initialize(&parser);
            yaml_parser_set_input_string(&parser, bytes, size);
            for (int done = 0; !done;) {
                if (!yaml_parser_parse(&parser, &event)) return 1;
                done = event.type == YAML_STREAM_END_EVENT;
                yaml_event_delete(&event);
            }
            yaml_parser_delete(&parser);
            clock_gettime(CLOCK_MONOTONIC, &end);
            total += end.tv_sec - start.tv_sec + (end.tv_nsec - start.tv_nsec) / 1e9;
            free(bytes);
        }
        printf("%.6f\\n", total);
        return 0;
    }
    """
