/// MessagePack's one predefined extension type: a point in time.
struct MessagePackTimestamp: Equatable {
    /// Since 1970-01-01T00:00:00Z, without leap seconds.
    let seconds: Int64
    /// Within the second; below 10^9.
    let nanoseconds: UInt32

    /// The extension type's number.
    static let type: Int8 = -1

    /// The years 1 to 9999: four digits in the text.
    private static let range: ClosedRange<Int64> = -62_135_596_800...253_402_300_799

    /// Takes an extension's data in any of the three forms; nil if it has none of them, or is outside the years 1 to
    /// 9999.
    init?(_ data: UnsafeRawBufferPointer) {
        var octets = OctetReader(data)
        do throws(FormatError) {
            switch data.count {
            case 4:
                self.seconds = Int64(try octets.integer(UInt32.self))
                self.nanoseconds = 0
            case 8:
                let both = try octets.integer(UInt64.self)
                self.seconds = Int64(both & 0x3_FFFF_FFFF)
                self.nanoseconds = UInt32(truncatingIfNeeded: both >> 34)
            case 12:
                self.nanoseconds = try octets.integer(UInt32.self)
                self.seconds = try octets.integer(Int64.self)
            default: return nil
            }
        } catch {
            return nil
        }
        guard self.nanoseconds < 1_000_000_000, Self.range.contains(self.seconds) else { return nil }
    }

    /// Writes a string that PostgreSQL casts to `timestamptz`: `"2026-11-25T17:42:00Z"`, with nine digits of a second
    /// if it is not a whole one.
    func write(to text: inout JSONTextWriter) {
        let (year, month, day) = self.date
        let second = Int(self.seconds - self.days * 86_400)
        text.write(UInt8(ascii: "\""))
        Self.write(year, digits: 4, to: &text)
        text.write(UInt8(ascii: "-"))
        Self.write(month, digits: 2, to: &text)
        text.write(UInt8(ascii: "-"))
        Self.write(day, digits: 2, to: &text)
        text.write(UInt8(ascii: "T"))
        Self.write(second / 3600, digits: 2, to: &text)
        text.write(UInt8(ascii: ":"))
        Self.write(second / 60 % 60, digits: 2, to: &text)
        text.write(UInt8(ascii: ":"))
        Self.write(second % 60, digits: 2, to: &text)
        if self.nanoseconds > 0 {
            text.write(UInt8(ascii: "."))
            Self.write(Int(self.nanoseconds), digits: 9, to: &text)
        }
        text.write("Z\"")
    }

    /// Days since 1970-01-01, rounded towards the past.
    private var days: Int64 {
        let (quotient, remainder) = self.seconds.quotientAndRemainder(dividingBy: 86_400)
        return remainder < 0 ? quotient - 1 : quotient
    }

    /// The date in the Gregorian calendar. Years begin in March here, so that a leap day is the last day of its year;
    /// 400 years have 146,097 days.
    private var date: (year: Int, month: Int, day: Int) {
        // Days since 0000-03-01: never below zero within the range.
        let day = Int(self.days) + 719_468
        let era = day / 146_097
        let dayOfEra = day % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }

    private static func write(_ number: Int, digits: Int, to text: inout JSONTextWriter) {
        var power = 1
        for _ in 1..<digits { power *= 10 }
        while power > 0 {
            text.write(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / power % 10))
            power /= 10
        }
    }
}
