/// An interval that is up to a tenth longer or shorter, always the same for one name.
///
/// Sources that are looked at every minute, and were all started together, would otherwise ask together for
/// ever. The same name gets the same interval, so that nobody is surprised and tests need no luck.
package func jittered(_ interval: Duration, for name: String) -> Duration {
    // FNV-1a, 64 bit: spreads short names well, and is the same in every process, unlike Swift's own hash.
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    // Its upper half is the better mixed one.
    let perMille = Int64((hash >> 32) % 201) - 100
    return interval + interval * Int(perMille) / 1000
}
