import Secrets
import Testing

@Suite struct DigestTests {
    @Test func `SHA-256 gives the digests of FIPS 180-4`() {
        #expect(
            hex(sha256([UInt8]())) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        )
        #expect(
            hex(sha256("abc".utf8)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        )
        let million = repeatElement(UInt8(ascii: "a"), count: 1_000_000)
        #expect(
            hex(sha256(million)) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        )
    }

    @Test func `the pieces of a digest make no difference`() {
        let bytes = (0..<300).map { UInt8(truncatingIfNeeded: $0) }
        for cut in 0...bytes.count {
            var hasher = SHA256Hasher()
            hasher.update(bytes[..<cut])
            hasher.update(AnyCollection(bytes[cut...]))
            let digest = hasher.finish()
            #expect(digest == sha256(bytes))
        }
    }

    @Test func `HMAC gives the codes of RFC 4231`() {
        #expect(
            hex(hmacSHA256("Hi There".utf8, key: [UInt8](repeating: 0x0b, count: 20)))
                == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        )
        #expect(
            hex(hmacSHA256("what do ya want for nothing?".utf8, key: "Jefe".utf8))
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        )
        let text = "Test Using Larger Than Block-Size Key - Hash Key First"
        #expect(
            hex(hmacSHA256(text.utf8, key: [UInt8](repeating: 0xaa, count: 131)))
                == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        )
    }

    @Test func `random bytes differ and tokens have their length`() {
        #expect(randomBytes(0).isEmpty)
        #expect(randomBytes(32).count == 32)
        #expect(randomBytes(32) != randomBytes(32))
        #expect(randomToken(bytes: 32).utf8.count == 43)
        #expect(decodeBase64URL(randomToken(bytes: 20))?.count == 20)
    }

    @Test func `equal means every byte`() {
        #expect(constantTimeEquals([1, 2, 3], [1, 2, 3]))
        #expect(!constantTimeEquals([1, 2, 3], [1, 2, 4]))
        #expect(!constantTimeEquals([1, 2, 3], [1, 2]))
        #expect(constantTimeEquals([UInt8](), [UInt8]()))
    }
}
