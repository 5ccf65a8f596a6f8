internal import Threads

/// A real `git http-backend` behind a real nginx, which asks for a user and a password.
package struct GitWebServer: Sendable {
    /// On 127.0.0.1.
    package let port: UInt16
    private let folder: TemporaryFolder

    /// Where a repository of the served folder is.
    package func url(_ name: String) -> String { "http://127.0.0.1:\(port)/\(name)" }

    /// What nginx and git wrote, requests among it.
    package var log: String { (folder.read("nginx.log") ?? "") + (folder.read("access.log") ?? "") }

    /// Accepts this password, and no other one, from now on.
    package func accept(user: String, password: String) throws {
        try folder.write("\(user):{PLAIN}\(password)\n", to: "users")
    }

    /// Runs the body beside a server of every repository below a folder; nobody is let in until `accept`.
    package static func serving<Value: Sendable>(
        _ repositories: String,
        _ body: @Sendable (GitWebServer) async throws -> Value
    ) async throws -> Value {
        let folder = try await TemporaryFolder()
        try folder.write("", to: "users")
        return try await ServerProcess.serving(log: "\(folder.path)/nginx.log") { port in
            try folder.write(configuration(port, folder.path, repositories), to: "nginx.conf")
            return [bridge(folder.path), nginx(folder.path)]
        } _: { port in
            try await body(GitWebServer(port: port, folder: folder))
        }
    }

    /// What runs `git http-backend` for each request.
    private static func bridge(_ folder: String) -> Command {
        let socket = "\(folder)/cgi.sock"
        return Command(
            executable: "/bin/sh",
            arguments: ["-c", "rm -f '\(socket)'; exec /usr/sbin/fcgiwrap -s 'unix:\(socket)'"],
            environment: ["PATH": "/usr/bin:/bin"],
            directory: folder
        )
    }

    private static func nginx(_ folder: String) -> Command {
        Command(
            executable: "/usr/sbin/nginx",
            arguments: ["-p", folder, "-c", "\(folder)/nginx.conf", "-e", "stderr"],
            directory: folder
        )
    }

    /// One process as whoever runs the tests, since the repositories and the socket are that user's.
    private static func configuration(_ port: UInt16, _ folder: String, _ repositories: String) -> String {
        """
        daemon off;
        master_process off;
        pid nginx.pid;
        error_log stderr;
        events {}
        http {
            log_format who '$remote_user $host - "$request" $status';
            access_log access.log who;
            # So that a client has to say who it is for each request.
            keepalive_timeout 0;
            client_body_temp_path body;
            fastcgi_temp_path fastcgi;
            proxy_temp_path proxy;
            scgi_temp_path scgi;
            uwsgi_temp_path uwsgi;
            server {
                listen 127.0.0.1:\(port);
                location ~ ^/moved(/.*)$ { return 302 http://127.0.0.1:\(port)$1$is_args$args; }
                location ~ ^/elsewhere(/.*)$ { return 302 http://localhost:\(port)$1$is_args$args; }
                location / {
                    auth_basic afar;
                    auth_basic_user_file users;
                    fastcgi_pass unix:\(folder)/cgi.sock;
                    fastcgi_param SCRIPT_FILENAME /usr/lib/git-core/git-http-backend;
                    fastcgi_param GIT_PROJECT_ROOT \(repositories);
                    fastcgi_param GIT_HTTP_EXPORT_ALL "";
                    fastcgi_param GIT_CONFIG_NOSYSTEM 1;
                    fastcgi_param HOME \(folder);
                    fastcgi_param PATH_INFO $uri;
                    fastcgi_param QUERY_STRING $query_string;
                    fastcgi_param REQUEST_METHOD $request_method;
                    fastcgi_param CONTENT_TYPE $content_type;
                    fastcgi_param CONTENT_LENGTH $content_length;
                    fastcgi_param REMOTE_USER $remote_user;
                }
            }
        }

        """
    }
}
