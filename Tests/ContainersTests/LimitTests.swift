import Containers
import Domain
import Foundation
import Testing

@Suite struct LimitTests {
    @Test func `more processes than allowed do not come to be, or do not live`() async throws {
        try await Fixture.with { fixture in
            try await fixture.sandbox("one", { $0.resources.pids = 30 }) { sandbox in
                let script = "for i in $(seq 100); do sleep 100 & done; echo all; wait"
                let result = try await fixture.engine.shell(sandbox, script) { $0.timeout = .seconds(95) }
                if Fixture.isRoot {
                    #expect(result.standardError.text.contains("Cannot fork"))
                    #expect(!result.standardOutput.text.contains("all"))
                } else {
                    #expect(result.exceeded == .pids)
                }
                #expect(!result.succeeded && result.duration < .seconds(90))
                #expect(try await fixture.engine.shell(sandbox, "echo fine").standardOutput.text == "fine\n")
            }
        }
    }

    @Test func `the watchdog kills processes that together hold too much memory`() async throws {
        try await Fixture.with { fixture in
            try await fixture.sandbox("one", { $0.resources.memory = ByteCount(quantity: "200Mi") }) {
                sandbox in
                let hog = """
                    import os, time
                    for child in range(5):
                        if os.fork() == 0: break
                    block = bytearray(b"x" * (60 << 20))
                    time.sleep(50)
                    """
                let result = try await fixture.engine.exec(sandbox, ExecRequest(["python3", "-c", hog]))
                #expect(result.exceeded == .memory && result.exitCode == 137)
                #expect(result.duration < .seconds(45))
                let modest = "block = bytearray(b'x' * (40 << 20)); print(len(block))"
                let fine = try await fixture.engine.exec(sandbox, ExecRequest(["python3", "-c", modest]))
                #expect(fine.standardOutput.text == "41943040\n", "\(fine.standardError.text)")
            }
        }
    }

    @Test func `two commands of one sandbox share its memory`() async throws {
        try await Fixture.with { fixture in
            try await fixture.sandbox("one", { $0.resources.memory = ByteCount(quantity: "200Mi") }) {
                sandbox in
                let hog = "import time; block = b'x' * (130 << 20); time.sleep(20)"
                async let first = fixture.engine.exec(sandbox, ExecRequest(["python3", "-c", hog]))
                async let second = fixture.engine.exec(sandbox, ExecRequest(["python3", "-c", hog]))
                let results = try await [first, second]
                #expect(results.contains { $0.exceeded == .memory })
            }
        }
    }

    @Test func `one process cannot take more memory, nor one file more disk`() async throws {
        try await Fixture.with { fixture in
            let small = SandboxSpec.Resources(
                memory: ByteCount(quantity: "100Mi"),
                disk: ByteCount(quantity: "1Mi")
            )
            try await fixture.sandbox("one", { $0.resources = small }) { sandbox in
                let hog = "block = bytearray(300 << 20)"
                let result = try await fixture.engine.exec(sandbox, ExecRequest(["python3", "-c", hog]))
                #expect(result.standardError.text.contains("MemoryError"))
                let file = try await fixture.engine.shell(sandbox, "head -c 2000000 /dev/zero > big")
                #expect(file.exitCode != 0)
                let path = sandbox.spec.workspace + "/repo/big"
                #expect(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int == 1 << 20)
            }
        }
    }

    @Test func `each limit is reported once, and as enforced only where it is`() async throws {
        try await Fixture.with { fixture in
            let resources = SandboxSpec.Resources(
                cpu: 1,
                memory: ByteCount(quantity: "1Gi"),
                disk: ByteCount(quantity: "1Gi"),
                pids: 100
            )
            try await fixture.sandbox("one", { $0.resources = resources }) { sandbox in
                let reports = fixture.engine.limits(sandbox)
                #expect(reports.map(\.limit) == LimitReport.Limit.allCases)
                #expect(reports.allSatisfy { $0.how.hasSuffix(".") })
                let enforced = Set(reports.filter(\.enforced).map(\.limit))
                #expect(
                    enforced
                        == (Fixture.isRoot ? [.pids, .time, .network, .output] : [.time, .network, .output])
                )
            }
            try await fixture.sandbox("open", { $0.network = .allow }) { sandbox in
                let enforced = Set(fixture.engine.limits(sandbox).filter(\.enforced).map(\.limit))
                #expect(enforced == [.time, .output])
            }
        }
    }

    @Test func `the quantities of a profile are read`() throws {
        let declared = try profile(#"{"cpu":"500m","memory":"512Mi","disk":"2G","pids":7}"#)
        let read = try SandboxSpec.Resources(declared)
        #expect(
            read
                == SandboxSpec.Resources(
                    cpu: 0.5,
                    memory: ByteCount(bytes: 512 << 20),
                    disk: ByteCount(bytes: 2_000_000_000),
                    pids: 7
                )
        )
        for (cpu, memory) in [("x", "1Gi"), ("-1", "1Gi"), ("1", "much"), ("0", "1")] {
            #expect(throws: Failure.self) {
                try SandboxSpec.Resources(profile(#"{"cpu":"\#(cpu)","memory":"\#(memory)"}"#))
            }
        }
    }

    private func profile(_ json: String) throws -> RuntimeProfileSpec.Resources {
        try JSONDecoder().decode(RuntimeProfileSpec.Resources.self, from: Data(json.utf8))
    }
}
