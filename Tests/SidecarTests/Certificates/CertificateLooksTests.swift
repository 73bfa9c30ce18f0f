import NIOOpenSSL
import Names
import TestChecks
import TestFolders
import Testing

@testable import Sidecar

@Suite("Certificates that end soon")
struct CertificateLooksTests {
    /// One that ends at the beginning of 2100.
    private static func held(_ key: String) throws -> CertificateLooks.Held {
        var configuration = TLSConfiguration()
        configuration.certificateFile = "\(CertificateFolder.path)/server.pem"
        configuration.keyFile = "\(CertificateFolder.path)/server.key"
        configuration.verification = .none
        let end = try #require(try TLSContext(configuration, role: .server).certificateEnd)
        return CertificateLooks.Held(key: key, end: end)
    }

    private static let end: Int64 = 4_102_444_800
    private static let fortnight: Int64 = 14 * 86_400

    @Test("one is named from 14 days before its end, with the key that names its file")
    func ends() throws {
        let looks = CertificateLooks([try Self.held("admin.tls.certificate_file")])
        check(looks.complaints(at: Self.end - Self.fortnight).count, 0)
        let complaint = Complaint(
            name: "certificate of admin.tls.certificate_file", reason: "it ends on 2100-01-01 00:00 UTC; renew it")
        check(looks.complaints(at: Self.end - Self.fortnight + 1).named, [complaint])
        check(looks.complaints(at: Self.end).named.map(\.reason), ["it ended on 2100-01-01 00:00 UTC; renew it"])
    }

    @Test("each is named")
    func several() throws {
        let looks = CertificateLooks([try Self.held("router.tls.certificate_file"), try Self.held("caller.tls.x")])
        check(looks.complaints(at: Self.end).count, 2)
        check(CertificateLooks([]).complaints(at: Self.end).count, 0)
    }
}
