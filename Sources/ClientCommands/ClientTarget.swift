import NIOCore
package import SidecarConfiguration
import WAMP
package import WAMPClient

/// The router that the commands join, and the way to it.
///
/// The function that turns settings into a connection is handed in, since the sidecar uses the same one.
package struct ClientTarget: Sendable {
    /// The variable with a ticket, for a router that no file names.
    package static let ticketVariable = "WAMP_TICKET"
    /// The variable with the secret of WAMP-CRA, likewise.
    package static let secretVariable = "WAMP_SECRET"

    /// A supplement, if there is no file, to errors that name keys of a file.
    private static let advice =
        "(router.url and router.realm are --url and --realm, a ticket is \(Self.ticketVariable), a secret "
        + "\(Self.secretVariable); for other keys of 'router' write a file, and name it with --config instead)"

    let configuration: RouterConfiguration
    /// Whether the command line names the router, without a file.
    private let isTyped: Bool

    /// The router of a configuration file. Only its section `router` is read.
    ///
    /// - Throws: ``ConfigurationFaults``.
    package init(
        file: String, environment: [String: String], connection: (RouterSettings) -> RouterConfiguration
    ) throws {
        let settings = try ConfigurationFile.loadRouter(path: file, environment: environment)
        self.configuration = Self.once(connection(settings))
        self.isTyped = false
    }

    /// A router that the command line names. Secrets come from variables, since everybody on the machine can see
    /// command lines; without any the session is anonymous.
    ///
    /// - Parameter environment: the process's variables.
    /// - Throws: ``ClientUsageError``.
    package init(
        url: String, realm: String, authid: String?, environment: [String: String],
        connection: (RouterSettings) -> RouterConfiguration
    ) throws {
        let variables = [Self.ticketVariable, Self.secretVariable].filter { environment[$0]?.isEmpty == false }
        var values = ["URL": url, "REALM": realm, "AUTHID": authid ?? ""]
        for variable in variables { values[variable] = environment[variable] }
        let authentication: String
        switch (variables.first, authid) {
        case (_?, _) where variables.count > 1:
            throw ClientUsageError(
                "\(Self.ticketVariable) and \(Self.secretVariable) are both set; unset one of the two")
        case (let variable?, nil):
            throw ClientUsageError("\(variable) is set, but --authid does not name its owner; add --authid NAME")
        case (Self.ticketVariable?, _?):
            authentication = "{ method: ticket, authid: \"${AUTHID}\", ticket: \"${\(Self.ticketVariable)}\" }"
        case (_?, _?):
            authentication = "{ method: wampcra, authid: \"${AUTHID}\", secret: \"${\(Self.secretVariable)}\" }"
        case (nil, _?):
            authentication = "{ authid: \"${AUTHID}\" }"
        case (nil, nil):
            authentication = "{}"
        }
        // The words become values of variables, which can't change the section's structure, and the checks are those of
        // a file.
        let section = "router: { url: \"${URL}\", realm: \"${REALM}\", auth: \(authentication) }"
        do throws(ConfigurationFaults) {
            let settings = try ConfigurationFile.loadRouter(text: section, environment: values)
            self.configuration = Self.once(connection(settings))
        } catch {
            var lines = error.faults.map {
                "\($0.problem.replacing("in router", with: "on the command line")); \($0.remedy)"
            }
            if error.faults.contains(where: { $0.remedy.contains("in router") }) { lines.append(Self.advice) }
            throw ClientUsageError(lines.joined(separator: "\n"))
        }
        self.isTyped = true
    }

    /// The line that follows errors which name keys of a file, if there is no file; nil if none is needed.
    ///
    /// - Parameter messages: the errors' texts, without the router's URL.
    func advice(on messages: [String]) -> String? {
        self.isTyped && messages.contains { $0.contains("router.") } ? Self.advice : nil
    }

    /// One attempt for each URL, at once: the user waits for the end of the command.
    private static func once(_ connection: RouterConfiguration) -> RouterConfiguration {
        var configuration = connection
        configuration.backoff = Backoff(base: .milliseconds(1), greatest: .milliseconds(1))
        configuration.leastCredentialsWait = .zero
        configuration.greatestCredentialsWait = .milliseconds(1)
        configuration.goodbyeTimeout = .milliseconds(1500)
        configuration.cancelPatience = .seconds(3)
        return configuration
    }
}
