import Postgres
import SidecarConfiguration
import Testing

@testable import Sidecar

@Suite("Home check")
struct HomeCheckTests {
    private static let both = [HomeFile.authority, HomeFile.certificate]

    private static func home(_ home: String?, own: String? = "/home/wamp", _ files: [String: HomeCheck.Look])
        -> HomeCheck
    {
        HomeCheck(home: home, ownHome: own) { files[$0] ?? .missing }
    }

    @Test("a home of another user, which can't be searched")
    func hidden() throws {
        let files = Dictionary(
            uniqueKeysWithValues: Self.both.map {
                ("/root/.postgresql/\($0.name)", HomeCheck.Look.hidden("Permission denied"))
            })
        let warning = try #require(Self.home("/root", files).warning(Self.both))
        #expect(
            warning
                == "HOME is /root, and .postgresql can't be searched there (Permission denied): libpq continues "
                + "without root.crt "
                + "and postgresql.crt, unverified or unencrypted; set HOME to /home/wamp, or name sslrootcert and "
                + "sslcert in the URL"
        )
        let unknown = try #require(Self.home("/root", own: nil, files).warning([.authority]))
        #expect(unknown.hasSuffix("set HOME to a folder of the sidecar's user, or name sslrootcert in the URL"))
        // There is no warning of a file that the connection does not look for.
        #expect(Self.home("/root", files).warning([]) == nil)
    }

    @Test("a home that hides the files of the user's own")
    func unseen() throws {
        let own = ["/home/wamp/.postgresql/root.crt": HomeCheck.Look.there]
        let warning = try #require(Self.home("/srv", own).warning(Self.both))
        #expect(
            warning == "HOME is /srv: libpq does not find root.crt of /home/wamp/.postgresql, and continues without; "
                + "set HOME to /home/wamp, or name sslrootcert in the URL")
        let there = own.merging(["/srv/.postgresql/root.crt": .there]) { $1 }
        #expect(Self.home("/srv", there).warning(Self.both) == nil)
    }

    @Test("nothing is hidden if there are no files, if HOME is the user's own, or is not set")
    func fine() {
        let own = ["/home/wamp/.postgresql/root.crt": HomeCheck.Look.there]
        #expect(Self.home("/home/wamp", own).warning(Self.both) == nil)
        #expect(Self.home(nil, own).warning(Self.both) == nil)
        #expect(Self.home("", own).warning(Self.both) == nil)
        #expect(Self.home("/srv", [:]).warning(Self.both) == nil)
        #expect(Self.home("/srv", own: nil, own).warning(Self.both) == nil)
    }

    @Test("warnings name the place of their subject, in the order of the file")
    func places() throws {
        let text = """
            database:
              url: postgresql://h/app
            router: { url: wss://h, realm: r, tls: { verify: none } }
            """
        let configuration = try ConfigurationFile.load(text: text)
        let home = HomeCheck(home: "/root", ownHome: nil) { _ in .hidden("Permission denied") }
        let findings = FileCheck.run(configuration, home: home)
        #expect(findings.faults.isEmpty && findings.remarks.isEmpty)
        #expect(
            findings.warnings.map { String($0.prefix(38)) } == [
                "sidecar.yaml:2:8: database: HOME is /r", "sidecar.yaml:3:1: router: the router's",
            ])
    }
}
