import Domain
import Testing
import Threads

@testable import Containers

@Suite struct HardeningTests {
    private let layout = SandboxLayout(folder: "/state/sandboxes/one")

    @Test func `bubblewrap is told exactly this for a closed sandbox`() {
        let spec = SandboxSpec(
            name: "one",
            workspace: "/work/one",
            resources: .init(memory: ByteCount(bytes: 1 << 30)),
            environment: ["A": "1"]
        )
        let request = ExecRequest(["true"], environment: ["B": "2"])
        #expect(
            bwrapArguments(spec, layout, request).joined(separator: " ") == """
                --unshare-all --unshare-user --disable-userns --uid 1000 --gid 1000 --hostname sandbox \
                --cap-drop ALL --die-with-parent --new-session --clearenv --setenv A 1 --setenv B 2 \
                --setenv HOME /tmp/home --setenv LANG C.UTF-8 --setenv LOGNAME agent --setenv PATH \
                /usr/bin:/bin --setenv SHELL /bin/sh --setenv TERM dumb --setenv USER agent --ro-bind /usr \
                /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 --symlink \
                usr/sbin /sbin --perms 0755 --dir /etc --ro-bind-try /etc/alternatives /etc/alternatives \
                --ro-bind-try /etc/ld.so.cache /etc/ld.so.cache --ro-bind /state/sandboxes/one/etc/group \
                /etc/group --ro-bind /state/sandboxes/one/etc/hosts /etc/hosts --ro-bind \
                /state/sandboxes/one/etc/nsswitch.conf /etc/nsswitch.conf --ro-bind \
                /state/sandboxes/one/etc/passwd /etc/passwd --proc /proc --remount-ro /proc --dev /dev \
                --size 67108864 --perms 1777 --tmpfs /dev/shm --remount-ro /dev --bind \
                /state/sandboxes/one/tmp /tmp --bind /work/one /workspace --remount-ro / --chdir \
                /workspace/repo
                """
        )
    }

    @Test func `each permission adds its own arguments and no other`() {
        let closed = SandboxSpec(name: "one", workspace: "/work/one")
        let request = ExecRequest(["true"])
        let plain = bwrapArguments(closed, layout, request)
        var open = closed
        open.network = .allow
        #expect(
            added(bwrapArguments(open, layout, request), to: plain) == [
                "--share-net", "--ro-bind-try", "/etc/resolv.conf", "/etc/resolv.conf", "--ro-bind-try",
                "/etc/ssl",
                "/etc/ssl",
            ]
        )
        var bound = closed
        bound.extraReadOnlyBinds = [.init(source: "/data", destination: "/reference")]
        #expect(
            added(bwrapArguments(bound, layout, request), to: plain) == ["--ro-bind", "/data", "/reference"]
        )
        var reading = closed
        reading.readOnlyWorkspace = true
        #expect(added(bwrapArguments(reading, layout, request), to: plain) == ["--ro-bind"])
    }

    @Test func `root is dropped before bubblewrap starts, and the limits with it`() {
        let resources = SandboxSpec.Resources(
            cpu: 1,
            memory: ByteCount(bytes: 1000),
            disk: ByteCount(bytes: 2000),
            pids: 10
        )
        let spec = SandboxSpec(name: "one", workspace: "/work/one", resources: resources)
        #expect(
            hostPrefix(spec, owner: FileOwner(userID: 7, groupID: 8)).joined(separator: " ") == """
                /usr/bin/setpriv --pdeathsig KILL -- /usr/bin/unshare --pid --fork --kill-child=KILL -- \
                /usr/bin/setpriv --reuid 7 --regid 8 --clear-groups --no-new-privs --inh-caps=-all -- \
                /usr/bin/prlimit --core=0 --nofile=4096 --data=1000 --fsize=2000 --nproc=18 --
                """
        )
        #expect(
            hostPrefix(SandboxSpec(name: "one", workspace: "/work/one"), owner: nil)
                == ["/usr/bin/prlimit", "--core=0", "--nofile=4096", "--"]
        )
    }

    @Test func `nothing is bound over what the sandbox makes itself`() throws {
        for destination in [
            "/proc", "/proc/sys", "/dev/shm", "/tmp/x", "/usr/bin", "/bin", "/etc/../x", "x", "/",
        ] {
            var spec = SandboxSpec(name: "one", workspace: "/work/one")
            spec.extraReadOnlyBinds = [.init(source: "/data", destination: destination)]
            #expect(throws: Failure.self, "\(destination)") { try spec.validate() }
            spec.extraReadOnlyBinds = [.init(source: "/data", destination: "/opt/data")]
            try spec.validate()
        }
    }

    @Test func `a record is read as it was written, and damage is nobody`() {
        let record = SandboxFolder.Record(maker: .init(pid: 5, startTime: 99), userID: 64_100)
        #expect(SandboxFolder.Record(text: record.text) == record)
        for text in ["", "maker", "maker x y\n", "maker 5\nuser -1\n", "user\n", "\0\n"] {
            #expect(
                SandboxFolder.Record(text: text) == SandboxFolder.Record(maker: nil, userID: nil),
                "\(text)"
            )
        }
    }

    @Test func `a stream keeps head and tail for every way it is cut`() {
        var generator = SystemRandomNumberGenerator()
        let seed = generator.next()
        var state = seed
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        for _ in 0..<300 {
            let bytes = (0..<next(400)).map { _ in UInt8(next(256)) }
            let limit = next(120)
            var stream = CapturedStream(limit: limit)
            var rest = bytes[...]
            while !rest.isEmpty {
                let piece = rest.prefix(1 + next(60))
                stream.append(Array(piece))
                rest = rest.dropFirst(piece.count)
            }
            #expect(stream.total == bytes.count, "seed \(seed)")
            #expect(
                bytes.starts(with: stream.head) && bytes.suffix(stream.tail.count) == stream.tail,
                "seed \(seed)"
            )
            #expect(stream.head.count + stream.tail.count == min(limit, bytes.count), "seed \(seed)")
            if bytes.count <= limit { #expect(stream.bytes == bytes, "seed \(seed)") }
        }
    }

    private func added(_ longer: [String], to shorter: [String]) -> [String] {
        longer.difference(from: shorter).insertions.map { change in
            if case .insert(_, let element, _) = change { element } else { "" }
        }
    }
}
